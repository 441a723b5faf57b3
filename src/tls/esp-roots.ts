// Owns the roots of ESP-IDF's certificate bundle, as data. Written by scripts/esp-bundle.ts, which tells the sources.

export const BUNDLE_LISTS = [
  // SHA-256 of the file: b301535dca491d9814ea28faa320ac7a19d0f5d94237996fa0a3b5a936432514
  { date: '2023-05-07', source: 'certifi 2023.5.7, cacert.pem' },
  // SHA-256 of the file: 94edeb66e91774fcae93a05650914e29096259a5c7e871a1f65d461ab5201b47
  { date: '2024-08-30', source: 'certifi 2024.8.30, cacert.pem' },
  // SHA-256 of the file: 9cc2a774b5198dcff14d9be1e66091f538975d867ce029a96bce15a55dfd730f
  { date: '2026-07-22', source: 'certifi 2026.7.22, cacert.pem' },
];

/** One root a line: an x for each list that it is on, key, key identifier, SHA-256 of the public key, name. */
export const BUNDLE_ROOTS = String.raw`
x-- rsa-4096 dc2e1fd1613779e4abd5d5b31271683d6a689c22 fee8af929175687f4638a3fc983db8ecd0e5e2a83e737f3fb77b4c22fcbac0a6 C=AT, O=e-commerce monitoring GmbH, CN=GLOBALTRUST 2020
xxx ec-secp384r1 310a908fb6c69dd2444b80b5a2e61fb1124f1b95 e04a022ce32f4ccf2c7f6046287b828a32a909f5e751447f83fd2c71f6fd8173 C=BE, O=GlobalSign nv-sa, CN=GlobalSign Root E46
xxx rsa-4096 035cab738187a8ccb0a6d594e2369649ff05992c ae7f962cb9e6a7dbf7b833fb18fa9b71a89175df949c232b6a9ef7cb3df2bbfc C=BE, O=GlobalSign nv-sa, CN=GlobalSign Root R46
xx- rsa-2048 607b661a450d97ca89502f7d04cd34a8fffcfd4b 2bcee858158cf5465fc9d76f0dfa312fef25a4dca8501da9b46b67d1fbfa1b64 C=BE, O=GlobalSign nv-sa, OU=Root CA, CN=GlobalSign Root CA
xxx rsa-4096 a397d6f35ea210e1ab459f3c17643cee01709ccc 86a68f050034126a540d39db2c5f917ef66a94fb9619fa1ecd827cea46ba0cb0 C=BM, O=QuoVadis Limited, CN=QuoVadis Root CA 1 G3
xx- rsa-4096 1a8462bc484c332504d4eed0f603c41946d1946b 8fd112c3c8370f147d5ccd3a7d865eb8dd540783bac69fc60088e3743ff33378 C=BM, O=QuoVadis Limited, CN=QuoVadis Root CA 2
xxx rsa-4096 ede76f765abf60ec495bc6a577bb7216719bc43d 4a49edbd2f8f8230bd5592b313573fe1c172a45fa98011cc1eddbb36ade3fce5 C=BM, O=QuoVadis Limited, CN=QuoVadis Root CA 2 G3
xx- rsa-4096 f2c013e082433efbee2f673296355cdbb8cb02d0 0c7acaa710226720bbc940349ee2e6148652a89dbf406a232c895f6dc78ebb9a C=BM, O=QuoVadis Limited, CN=QuoVadis Root CA 3
xxx rsa-4096 c617d0bca8ea0243f21b06995d2b9020b9d79ce4 f3438e23b3ce532522facf307923f58fd18608e9ba7addc30e952b43c49616c3 C=BM, O=QuoVadis Limited, CN=QuoVadis Root CA 3 G3
--x ec-secp384r1 374d8865cffc3d8ad5a3f149c04e0c106f42b49c d439dd80f1e3bc5c9e5f13e8bff7a8887df9dc1c3e19d76af70c8f8d985eef22 C=CH, O=OISTE Foundation, CN=OISTE Server Root ECC G1
--x rsa-4096 f2c9c10f0d6300bbec450e4a1fb5b1b336cd0e8d b964e141d3a55cae180ea6a1a8d4a297de26f11833c673569d196fb533a98710 C=CH, O=OISTE Foundation, CN=OISTE Server Root RSA G1
xx- rsa-4096 5b257b96a465517eb839f3c078665ee83ae7f0ee 40fcfc28875dccbfebcbdf6cd7433312da63c4efcf3bd7b1b505c22020ae0274 C=CH, O=SwissSign AG, CN=SwissSign Gold CA - G2
--x rsa-4096 6f8e628b9343b0e140f6a7c3fdf10fb80f1538a5 ebc978ae0dd9e5822d6b19652596f620c93d7caefa952191cb050a632ca9005f C=CH, O=SwissSign AG, CN=SwissSign RSA TLS Root CA 2022 - 1
xx- rsa-4096 17a0cdc1e441b63a5b3bcb459dbd1cc298fa8658 9318226f8c83afe47f5f47c24f59ce12dba8c73b181bee6b2ea1f40a06bc1869 C=CH, O=SwissSign AG, CN=SwissSign Silver CA - G2
xxx rsa-2048 350fc836635ee2a3ecf93b6615ce5152e3919a3d 149f2ee63b9a5e5803240a770dc991fc2e3445e62831c245a49bc4f1f738ff9c C=CH, O=WISeKey, OU=OISTE Foundation Endorsed, CN=OISTE WISeKey Global Root GB CA
xxx ec-secp384r1 488714ace3c39e90603ad7ca89eed3ad8cb45066 fd371bea9755ff60c8828c849b8e5215de532d61b009855fa0ad630d90eef82e C=CH, O=WISeKey, OU=OISTE Foundation Endorsed, CN=OISTE WISeKey Global Root GC CA
xxx rsa-4096 c5efedccd88d21c648e4e3d7142ea71693e59801 ebc55f21e88d49ede81c0075ab08b3c73b81f0f33e37d7641a1d01b6e602dc9d C=CN, O=BEIJING CERTIFICATE AUTHORITY, CN=BJCA Global Root CA1
xxx ec-secp384r1 d24ab1517f06f0d1821f4e6e5fab83fc48d4b091 cc94a5a0319ff77a4ccadd821c4c59674e44d52816cbd1dfe2c761370ad4d21c C=CN, O=BEIJING CERTIFICATE AUTHORITY, CN=BJCA Global Root CA2
xxx rsa-4096 e3fe2dfd28d00bb5bab6a2c4bf06aa058c93fb2f dd5ed1c090f9f448061baa94a6bb11017544e9eefaa20cc714ce6c633f5dc629 C=CN, O=China Financial Certification Authority, CN=CFCA EV ROOT
xxx rsa-4096 e2c9409f4dcee89aa17ccf0e3f65c529886a1951 ceb19411c65052c757f941eb826c96941e4d08d096c7db7e7ea3c4f8c13f1a13 C=CN, O=GUANG DONG CERTIFICATE AUTHORITY CO.\,LTD., CN=GDCA TrustAUTH R5 ROOT
-xx rsa-4096 40e4e4f223ef38cab0ae577ff221301634dbbc92 8685ad850f7f56cd16943bcb70b434e7356e1b8bdc613406e2ea8de46092b636 C=CN, O=TrustAsia Technologies\, Inc., CN=TrustAsia Global Root CA G3
-xx ec-secp384r1 a5bb4a97ceb32b7fa431de97835983a66f71cbde 07a2904d4bff9604ea1331ae990e9ffe331232e69ecb8a08cd49d8e34757db41 C=CN, O=TrustAsia Technologies\, Inc., CN=TrustAsia Global Root CA G4
--x ec-secp384r1 2c8553bbb143cd32ea9ea387fea298a8a693e910 f4632e58701c0bd7dafc7e3831355ec433fc13777de286683e8ec50964df0452 C=CN, O=TrustAsia Technologies\, Inc., CN=TrustAsia TLS ECC Root CA
--x rsa-4096 b80791795c06f446fd7b59ca5a2691a7452bf853 5628872e245fe66148b80badeac9c40f6252e642fa9595aece4b3e8a58b8fd46 C=CN, O=TrustAsia Technologies\, Inc., CN=TrustAsia TLS RSA Root CA
xxx rsa-4096 d9743ae4303d0df712dc7e5a059f1e349af7e114 5c41a73ab2c35dfcd771f6fd6e3e8fac9b469d386cadda56a95b646eb48cca34 C=CN, O=UniTrust, CN=UCA Extended Validation Root
xxx rsa-4096 81c48cccf5e430ffa50c085f8c1567217401dfdf 1255cabe8152fa64df942f7a47417e29f96c1ce11bf8c84ecbe2815cc1280810 C=CN, O=UniTrust, CN=UCA Global G2 Root
xxx ec-secp384r1 9839cdbed8b28cf7b2abe1ad24af7b7ca1db1fcf a246b822f96cfecc155156e5476957845492acf32187ec8a2ef12d89618d711d C=CN, O=iTrusChina Co.\,Ltd., CN=vTrus ECC Root CA
xxx rsa-4096 54627063f1758443588ed11620b1c6ac1abcf689 e06647e52610160c3e83c42d22e39aa8750c584d6c24afaed54a61164742000a C=CN, O=iTrusChina Co.\,Ltd., CN=vTrus Root CA
xxx ec-secp384r1 739110abff55b35a7c0925d5b2ba08a06bab1f6d 603f76f28c9feba83ec751edb66c8d7523ea40fe49fe74427629f50dabbcf55a C=DE, O=D-Trust GmbH, CN=D-TRUST BR Root CA 1 2020
--x rsa-4096 6790f0d6deb518d546297e5cabf89e08bc649510 ac76f63a46e761b5acc3259705c920cb7f0563d248d8d180f934af68099a15f9 C=DE, O=D-Trust GmbH, CN=D-TRUST BR Root CA 2 2023
xxx ec-secp384r1 7f100116373aa428e450f8a4f7ec6b32b6fee98b 9d37e4a989eab3882d116052fc8b58446702cb593726e4604c3795940c7103e2 C=DE, O=D-Trust GmbH, CN=D-TRUST EV Root CA 1 2020
--x rsa-4096 aafc91101b87915f16b9bf4f4b915e001cb13280 e753cdd9f13413c7ca9cda82962f8c0ce5ed13d1657312954af5267eb2cb7c79 C=DE, O=D-Trust GmbH, CN=D-TRUST EV Root CA 2 2023
xxx rsa-2048 fdda14c49f30de21bd1e4239fcab632349e0f184 eca0f181402ce7a8652b31b4d036df247e3a30b7f41a50d91ec4f90b006b43a1 C=DE, O=D-Trust GmbH, CN=D-TRUST Root Class 3 CA 2 2009
xxx rsa-2048 d3948a4c62132a192eccaf728a7d36d79a1cdc67 ff342fb6c4c8bd30a4706f73489539f19e6e48cc05f46254654f6610dbc540e9 C=DE, O=D-Trust GmbH, CN=D-TRUST Root Class 3 CA 2 EV 2009
-xx ec-secp384r1 e372cc6e959947b1e6b3614cd1cbabe3bacdde9f eab0de5a46419010b01b2d55553fc111aa82b43d9395edfeaeaa8c76e6ad1995 C=DE, O=Deutsche Telekom Security GmbH, CN=Telekom Security TLS ECC Root 2020
-xx rsa-4096 b6a797823d74859bf73c9f939a957975528c6d47 0e05e9bb23869eb689dc56839dcec475a3ae75fa6b50bc5a4978360cbe673323 C=DE, O=Deutsche Telekom Security GmbH, CN=Telekom Security TLS RSA Root 2023
xxx rsa-2048 bf5920360079a0a0226b8cd5f261d2b82ccb824a 6106c0e3a0a299831875127bd7d3cc1859803d511cac11eb6e0840dd166fc10e C=DE, O=T-Systems Enterprise Services GmbH, OU=T-Systems Trust Center, CN=T-TeleSec GlobalRoot Class 2
xxx rsa-2048 b503f7763b61826a12aa1853eb032194bffececa 8d767764b3cbda08929d072a22a561f4dcdd1bc57d3cbddc948c47d2b47f9122 C=DE, O=T-Systems Enterprise Services GmbH, OU=T-Systems Trust Center, CN=T-TeleSec GlobalRoot Class 3
xxx rsa-4096 65cdebab351e003e7ed574c01cb473470e1a642f 3b0d73b4be4a854adc3e51d7ef9fa48aefbb2cdd824d67bdc7d7d09a2abc2d43 C=ES, CN=Autoridad de Certificacion Firmaprofesional CIF A62634068
xxx rsa-4096 f77dc5fdc4e89a1b7764a7f51da0ccbf87609a6d 2fc5667a4b9a2678ed6ac6ad25465fcbf6094bfcd9504097c7a8fa47ade5e888 C=ES, O=FNMT-RCM, OU=AC RAIZ FNMT-RCM
xxx ec-secp384r1 01b92fefbf118660f24fd0416eab731fe7d26e49 453b74809b69019627f2f843001db5950cdd1d45371053e7f3dfdbc3714113c6 C=ES, O=FNMT-RCM, OU=Ceres, organizationIdentifier=VATES-Q2826004J, CN=AC RAIZ FNMT-RCM SERVIDORES SEGUROS
-x- ec-secp384r1 93e143635c3c9dd627f352ec17b2a9af2cf776f8 2db2ae4d0d08a4dc7b7a5c911b36b42e3068d2e58657efa61a2f2f69c553b858 C=ES, O=Firmaprofesional SA, organizationIdentifier=VATES-A62634068, CN=FIRMAPROFESIONAL CA ROOT-A WEB
xxx rsa-4096 1d1c650ea8f2257bb491cfe4b1b1e6bd55746c05 952c2039c0243eb515dd73d83fc3643184874feb0862a9837731ed9b4742e17a C=ES, O=IZENPE S.A., CN=Izenpe.com
xxx rsa-4096 72ace43379aa4587f6fdac1d9ed6c72f86d82439 c2b3c31a4a29850aa8f3cf472a1169ff71b416579f6a4482ec7744b83df988ac C=FI, O=Telia Finland Oyj, CN=Telia Root CA v2
xx- rsa-2048 1aedfe413990b42459be01f252d545f65a39dc11 510d20e5c47f63cf666b20f61af62bc099a42ac824ffa443a2da7c90b1808a91 C=FR, O=Dhimyotis, CN=Certigna
xxx rsa-4096 188756e06e77ee24353c4e739a1fd6e1e2797e2b 8e8046ec4cac015a507ce0d2d0154a4b40e8e42b3165cfa546571435112d17e5 C=FR, O=Dhimyotis, OU=0002 48146308100036, CN=Certigna Root CA
-xx ec-secp384r1 d122da4c59f14b5f2638aa9dd6eeeb0dc3fba961 b0b56335468561f5bb9fa12d801784a633a572705d34f32b643445dfa8b005d1 C=GB, O=Sectigo Limited, CN=Sectigo Public Server Authentication Root E46
-xx rsa-4096 5673586495f9921ab0122a046279a14015882149 0e8bb18bbeefb381be21bfc1a206d317298462ad104855f04a0542699708d3d4 C=GB, O=Sectigo Limited, CN=Sectigo Public Server Authentication Root R46
xx- rsa-2048 0b58e58bc64c1537a440a930a921be47365a56ff 006d7be7555dd82026442c4f1a27a80e89a1989cb87b34448ed2194c18196d5e C=GB, ST=Greater Manchester, L=Salford, O=COMODO CA Limited, CN=COMODO Certification Authority
xxx ec-secp384r1 7571a7194819bc9d9dea4147df94c4487799d379 e7ca91bbfbb18788057b3a8070446ea5291160194102f7dcc3b9848c63cb9cd5 C=GB, ST=Greater Manchester, L=Salford, O=COMODO CA Limited, CN=COMODO ECC Certification Authority
xxx rsa-4096 bbaf7e023dfaa6f13c848eadee3898ecd93232d4 82b5f84daf47a59c7ab521e4982aefa40a53406a3aec26039efa6b2e0e7244c1 C=GB, ST=Greater Manchester, L=Salford, O=COMODO CA Limited, CN=COMODO RSA Certification Authority
xx- rsa-2048 a0110a233e96f107ece2af29ef82a57fd030a4b4 bd153ed7b0434f6886b17bce8bbe84ed340c7132d702a8f4fa318f756ecbd6f3 C=GB, ST=Greater Manchester, L=Salford, O=Comodo CA Limited, CN=AAA Certificate Services
xxx ec-secp384r1 b4220b829924010e9cbbe40efdbffb972093992a bb52086d0639e8db332775ac8f4e8435d92ceb00f4e24f28fc0eabe240772e80 C=GR, L=Athens, O=Hellenic Academic and Research Institutions Cert. Authority, CN=Hellenic Academic and Research Institutions ECC RootCA 2015
xxx rsa-4096 711567c8c8c9bd755d72d038186a9df37124540b 50cc86ba96db3263c79a43ead07553d9f56659e6907e72d8c026637a1cdc85dc C=GR, L=Athens, O=Hellenic Academic and Research Institutions Cert. Authority, CN=Hellenic Academic and Research Institutions RootCA 2015
xxx ec-secp384r1 c91b538112fe04d516d1aabc9a6fb7a095196eca fc784300ec8df4d3d1bad763835182918d52a9ff0238bdf695a1cd9bdb98321c C=GR, O=Hellenic Academic and Research Institutions CA, CN=HARICA TLS ECC Root CA 2021
xxx rsa-4096 0a4823a660a4920a33ea935bc557ea254dbd12ee 693c9aa6b245b3b0261637750863eadb6c248a16e52d6f4bc90c86bbf32d7042 C=GR, O=Hellenic Academic and Research Institutions CA, CN=HARICA TLS RSA Root CA 2021
x-- rsa-2048 - 36c22314131a5fbf1b70ea4ccf4bc13a777d938ec65e1da24e3c2cfd01d3d163 C=HK, O=Hongkong Post, CN=Hongkong Post Root CA 1
xxx rsa-4096 179dcd1e8bd6392b70d35cd4a0b81fb000fcc561 2541e53ba5b3b07acbe7097ac4a03e040c11cf7a6d4a67cb213d558b50167a06 C=HK, ST=Hong Kong, L=Hong Kong, O=Hongkong Post, CN=Hongkong Post Root CA 3
xxx rsa-2048 cb0fc6df4243cc3dcbb54823a11a7aa62abb3468 616167201433aea6c8e5e3070afcaf6749188f814bd1abb179ae8dad3abf26ec C=HU, L=Budapest, O=Microsec Ltd., CN=Microsec e-Szigno Root CA 2009, emailAddress=info@e-szigno.hu
xxx ec-prime256v1 87111508d1aac1780cb1afcec6c990efbf3004c0 42431627ea76cc78697f915e3455b1b2ec82ff2f6380ee6423ef3c0840b7e631 C=HU, L=Budapest, O=Microsec Ltd., organizationIdentifier=VATHU-23584497, CN=e-Szigno Root CA 2017
--x ec-secp521r1 598402625a4678f55ddc8f0a102823dcd5d6fb45 47487900a1beb9ee08ccbc1116a8ec55f454b638994319f051b984023ced6423 C=HU, L=Budapest, O=Microsec Ltd., organizationIdentifier=VATHU-23584497, CN=e-Szigno TLS Root CA 2023
xxx rsa-2048 ccfa6793f0b6b8d0a5c01ef353fd8c53df83d796 f48badd7df6a06690d0ae31373b12855f8dedb14517f362a313101cc98cc6b35 C=HU, L=Budapest, O=NetLock Kft., OU=Tanúsítványkiadók (Certification Services), CN=NetLock Arany (Class Gold) Főtanúsítvány
xx- rsa-2048 e59d5930824758ccacfa085436867b3ab5044df0 63d9af9b47b1064d49a10e7b7fd566dbc8caa399459bfc2829c571ad8c6ef34a C=IE, O=Baltimore, OU=CyberTrust, CN=Baltimore CyberTrust Root
xxx ec-secp384r1 7c5d028413d4cc8a9b81ce171c2e291e9c486342 8d417db2dd8bf5e3084d1e3f196d583849d81bdd4c00c70b9d39369e96b8c782 C=IN, OU=emSign PKI, O=eMudhra Technologies Limited, CN=emSign ECC Root CA - G3
xxx rsa-2048 fbef0d869eb0e3dda9b9f121177f3efcf0772b1a 376a1a7082a593dccc20d561d119e9ab8d30f11cc321d0a37fa41f0df284e01c C=IN, OU=emSign PKI, O=eMudhra Technologies Limited, CN=emSign Root CA - G1
xxx rsa-4096 52d8883ac89f7866ed89f37b387094c9020236d0 25d4913cf587097414d29d26f6c1b1942cd6d64eaf45d0fcf81526adba96d324 C=IT, L=Milan, O=Actalis S.p.A./03358520967, CN=Actalis Authentication Root CA
-x- rsa-2048 5734f374cf044bd525e6f140b62c4cd92de9a0ad e14e51891f3492243eea613bc2c814d47224b224c57d38169e958e30b3dedee4 C=JP, O=Cybertrust Japan Co.\, Ltd., CN=SecureSign Root CA12
-xx rsa-4096 0693a30a5e286937aa611debebfc2d6f23e4f3a0 581cc15821169694c39c2991b53e93ab945a42b076661774c2ecf38a3323acea C=JP, O=Cybertrust Japan Co.\, Ltd., CN=SecureSign Root CA14
-xx ec-secp384r1 eb41c8aefcd59e5148f5bd8bf4872093412bd3f4 f0011f92fcf9be36c7a5b36e7bc862ab20e94ef36fea8a561db0a8d7750c1f51 C=JP, O=Cybertrust Japan Co.\, Ltd., CN=SecureSign Root CA15
xx- rsa-2048 5bf84d4fb2a586d43ad2f1639aa0be09f657b7de bb4128ec9620f2d2a49ce8e2c4e257aebad93a0f11c56b5fa4b00e23759fa39d C=JP, O=Japan Certification Services\, Inc., CN=SecureSign RootCA11
xxx ec-secp384r1 861ce7fe2da54a8b08fe2811fabea366f860592f 3329bfa13b6007ab5fc3713f0acb289426e2fbc99cc5c110a914b139571600b6 C=JP, O=SECOM Trust Systems CO.\,LTD., CN=Security Communication ECC RootCA1
xx- rsa-4096 64147cfc587216a60a2934156f2acbbcfcafa8ab d3980aadd21638c70d74a4bb1f8ab5e11724e62ed408f9fa8d3d4d916900286b C=JP, O=SECOM Trust Systems CO.\,LTD., CN=Security Communication RootCA3
xxx rsa-2048 0a85a9776505987c4081f80f972c38f10aec3ccf 3380709af3b096be3cc2a40548142c0a520028db09e2cb77ae2206616ab6cbb4 C=JP, O=SECOM Trust Systems CO.\,LTD., OU=Security Communication RootCA2
--x ec-secp384r1 3b76117b2974e24e064c568240d0212f7ab3c9d5 294679e0f97ffd474f19567b36382394e1b4960e030975e66353452034a3c5ea C=JP, O=SECOM Trust Systems Co.\, Ltd., CN=SECOM TLS ECC Root CA 2024
--x rsa-4096 2ceb72128e58776435155635015707a97d0d36e6 f0e0b6fbe8b74d4f82d8ed8f8bd6a3d083dc19db3d2cedb1061ccb76d848ee7d C=JP, O=SECOM Trust Systems Co.\, Ltd., CN=SECOM TLS RSA Root CA 2024
x-- rsa-2048 a073499968dc855b65e39b282f579fbd33bc0748 2a4212605aa3e8aecb0fc19806cf3b40b53b95f1a34dbbd6e3ed27230324abb3 C=JP, O=SECOM Trust.net, OU=Security Communication RootCA1
xxx rsa-4096 d29f88dfa1cd2cbdecf53b0101933327b2eb604b 786ffa578618c3b9a311175e50816f4dda0605c3869f296ebc5943bf09f4e904 C=KR, O=NAVER BUSINESS PLATFORM Corp., CN=NAVER Global Root Certification Authority
xxx rsa-4096 c98077e0629282f5469cf3baf74cc3deb8a3ad39 5955ae291574a931342cf7450e16652ede1e0fb3097e1571dfac11c915601564 C=NO, O=Buypass AS-983163327, CN=Buypass Class 2 Root CA
xxx rsa-4096 47b8cdffe56feef8b2ec2f4e0ef925b08e3c6bc3 b03d87b056d08cc9d4e675ef19ca83ab53532168a8258598be72e6d85c7dd7c1 C=NO, O=Buypass AS-983163327, CN=Buypass Class 3 Root CA
xxx ec-secp384r1 8d06667424763af389f7bcd6bd477d2fbc105f4b de7b6932e9c44582ce0de07abdab7eea90c75d6d2a07331df57bd5cb88553d13 C=PL, O=Asseco Data Systems S.A., OU=Certum Certification Authority, CN=Certum EC-384 CA
xxx rsa-4096 8cfb1c75bc02d39f4e2e48d9f96054aac4b34ffa 681dc482c296c8402c6ebb20e68309a3bc846523ae34b984a84ee697a3312db7 C=PL, O=Asseco Data Systems S.A., OU=Certum Certification Authority, CN=Certum Trusted Root CA
xxx rsa-2048 2e16a94a18b5cbccf56f50f3235ff85de7acf0c8 6e364b6133deefdcbb21273c5f445a20afbc05038d5b021c0c2153039016345b C=PL, O=Krajowa Izba Rozliczeniowa S.A., CN=SZAFIR ROOT CA2
xxx rsa-2048 0876cdcb07ff24f6c5cdedbb90bce284374675f7 aa2630a7b617b04d0a294bab7a8caaa5016e6dbe604837a83a85719fab667eb5 C=PL, O=Unizeto Technologies S.A., OU=Certum Certification Authority, CN=Certum Trusted Network CA
xxx rsa-4096 b6a1543902c3a03f8e8abcfad4f81ca6d13a0efd 6b3b57e9ec88d1bb3d01637ff33c7698b3c9758255e9f01ea9178f3e7f3b2b52 C=PL, O=Unizeto Technologies S.A., OU=Certum Certification Authority, CN=Certum Trusted Network CA 2
xxx rsa-4096 82212d66c6d7a0e015ebce4c0977c4609e546e03 cbad7b1d384849df0946b7ee8e7f5f7ce3aed876fda7bc9d30d8b16f29ff2c53 C=RO, O=CERTSIGN SA, OU=certSIGN ROOT CA G2
xx- rsa-2048 e08c9bdb2549b3f17c86d6b242870bd06ba0d9e4 dbc1e3a15238a0483bcdb8fdec616e03e705a48e2a501157cadf3b9c7311c5e5 C=RO, O=certSIGN, OU=certSIGN ROOT CA
--x ec-secp384r1 d464e843883a732fd01a7182360b5e85dec7de43 4c821d7d89adf08c1e951c92b841b4a3c18261b9ce426f337cc0e3805499ba0e C=SE, O=Telia Company AB, CN=Telia EC TLS Root CA v3
--x rsa-4096 b0c7a9d2ddb228567304948c145c486f375292a8 536cfdae8a6257bf14266c43285958d0f9b937e3068e2a215374170133a9ffcc C=SE, O=Telia Company AB, CN=Telia RSA TLS Root CA v3
xxx rsa-4096 b599f8afb094f5e320d60aadce4e56a42e6e42ed 702116ccd8bf23e16466f0e0dba0ed6a239a9c1cd6a8f5a66b39af3595020385 C=SK, L=Bratislava, O=Disig a.s., CN=CA Disig Root R2
xxx rsa-4096 069a9b1f537df1f5a4c8d3863ea17359b4f74421 c942262c0c7c0a95bb152b71c42556ddbe9a04fa8378373550d2b7ce27d952a3 C=TN, O=Agence Nationale de Certification Electronique, CN=TunTrust Root CA
x-- ec-secp384r1 ff8231723ef9c4666cad389ed1b05188a590ccf5 56f2ea8684106d0c73333951059d2bff9ace0a9934f015c5d84c5a959dfbb3cc C=TR, L=Ankara, O=E-Tugra EBG A.S., OU=E-Tugra Trust Center, CN=E-Tugra Global Root CA ECC v3
x-- rsa-4096 b2b4aee62df726d5aa752d764bc01b5321d048ef b3effbf46bcf66aedf71427e6bd60bf1a1878c7b72cab178703485fda6e3db38 C=TR, L=Ankara, O=E-Tugra EBG A.S., OU=E-Tugra Trust Center, CN=E-Tugra Global Root CA RSA v3
x-- rsa-4096 2ee3dbb249d09c54795cfa272afecc4ed2e84e54 c1ad1b1898ec395048df070bfa217e25c913bed8ca6b73de085528846a0103c1 C=TR, L=Ankara, O=E-Tuğra EBG Bilişim Teknolojileri ve Hizmetleri A.Ş., OU=E-Tugra Sertifikasyon Merkezi, CN=E-Tugra Certification Authority
xxx rsa-2048 653fc78a86c63cdd3c545c35f83aed520c4757c8 55e00be277ceb0545299f24fd9f877e2acf32852db43ffcd29bca74b39b4c9fa C=TR, L=Gebze - Kocaeli, O=Turkiye Bilimsel ve Teknolojik Arastirma Kurumu - TUBITAK, OU=Kamu Sertifikasyon Merkezi - Kamu SM, CN=TUBITAK Kamu SM SSL Kok Sertifikasi - Surum 1
xxx rsa-4096 f27717fa5ea8fef63d71d568bac9460c38d8afb0 79caaf5347e6e4a94c8e78a98496fc74020f809ede13f220fab6104c8ded329f C=TW, O=Chunghwa Telecom Co.\, Ltd., CN=HiPKI Root CA - G1
xx- rsa-4096 1e0cf7b667f2e192260945c055392e773f424aa2 62554c17005543b237215f04268dcd2fd1c470240ad3c8660e25ae2c59630f55 C=TW, O=Chunghwa Telecom Co.\, Ltd., OU=ePKI Root Certification Authority
-xx rsa-4096 9d8561147cc1626f9768e44f3740e1ade00d5637 06600b94c0318bb6967f0c7787cc8a1032a179c4e95e3c5760b32e290f7fec9b C=TW, O=TAIWAN-CA, OU=Root CA, CN=TWCA CYBER Root CA
xxx rsa-4096 - c444b5b66ce5d71e1b5e40f27385c95cbfd24a05b56f70cac0992f0f50c3379c C=TW, O=TAIWAN-CA, OU=Root CA, CN=TWCA Global Root CA
xxx rsa-2048 6a385b268dde8b5af24f7a54831918e30835a6ba 92c46879626ef2cc1ecea50c72fb5e385844095f21cbf3b283cb82e6b9fc6a58 C=TW, O=TAIWAN-CA, OU=Root CA, CN=TWCA Root Certification Authority
xx- rsa-2048 9d93c6538b5ecaaf3f9f1e0fe59995bc24f6948f 6c464b9a5b233a5e874da765c26f045010d2ddcff45794f0b4c7e4aafa501495 C=US, O=AffirmTrust, CN=AffirmTrust Commercial
xx- rsa-2048 071fd2e79cdac26ea240b4b07a50105074c4c8bd 94072ad3f58f70f93098e5a5f6c04c96c710bd849d83184919ae90eb890ae400 C=US, O=AffirmTrust, CN=AffirmTrust Networking
xx- rsa-4096 9dc067a60c22d926f545aba665521127d845ac63 c7f43b4cf5b71568294f822b53762605f6ddd15cadece739e9e2c3cba61e9d67 C=US, O=AffirmTrust, CN=AffirmTrust Premium
xx- ec-secp384r1 9aaf297ac011353526513000c36afe40d5aed63c 3219b09114ff495a3eb6eb00c2efeab34002ae5f0a56c7679ea087a3fa037e4f C=US, O=AffirmTrust, CN=AffirmTrust Premium ECC
xxx rsa-2048 8418cc8534ecbc0c94942e08599cc7b2104e0a08 fbe3018031f9586bcbf41727e417b7d1c45c2f47f93be372a17b96b50757d5a2 C=US, O=Amazon, CN=Amazon Root CA 1
xxx rsa-4096 b00cf04c30f405580248fd33e552af4b84e36652 7f4296fc5b6a4e3b35d3c369623e364ab1af381d8fa7121533c9d6c633ea2461 C=US, O=Amazon, CN=Amazon Root CA 2
xxx ec-prime256v1 abb6dbd7069e37ac3086079170c79cc419b178c0 36abc32656acfc645c61b71613c4bf21c787f5cabbee48348d58597803d7abc9 C=US, O=Amazon, CN=Amazon Root CA 3
xxx ec-secp384r1 d3ecc73a656ecce1da769a56fb9cf3866d57e581 f7ecded5c66047d28ed6466b543c40e0743abe81d109254dcf845d4c2c7853c5 C=US, O=Amazon, CN=Amazon Root CA 4
xxx ec-secp384r1 f32818cb6475ee292aebedae23583885ebc82207 1ef64625daa2e5d433d7449ae31a200d1025e0012a8fecfa70932f8b599b75dd C=US, O=Certainly, CN=Certainly Root E1
xxx rsa-4096 e0aa3f258d9f445cc13ae82eae774c843e670cf4 3f93f3fcf79d225d213eef6a4a3f5885cf84fe3d7a7a3c11553517688c0e2100 C=US, O=Certainly, CN=Certainly Root R1
-x- ec-secp384r1 8e0762c050ddc6190600467404f7f3ae7d754d30 8d223ba5007d804c9cc607c900e32e20666c5a49fc29d55ad12dfb68d72ee57b C=US, O=CommScope, CN=CommScope Public Trust ECC Root-01
-x- ec-secp384r1 e61875ffef60de84a4f546c7de4a55e3323679f5 6841995ede67848882f30a5d1ee89ddf99b4ac67e41253f7cad6be6d27054007 C=US, O=CommScope, CN=CommScope Public Trust ECC Root-02
-x- rsa-4096 375da69a7432c2c2f9c7a6151059b8e4fde5b86d e4e939252afe70bd9f1cd295030313baa40d558641f35b23b4714b43e81f5436 C=US, O=CommScope, CN=CommScope Public Trust RSA Root-01
-x- rsa-4096 47d0e7b122ff9d2cf5d95760b3b1b17095ef617a 86bd768cda54e16d533104b88b80c98c3ac70f593092a6e1ba438d37f4ea4ed2 C=US, O=CommScope, CN=CommScope Public Trust RSA Root-02
xx- rsa-2048 45eba2aff492cb82312d518ba7a7219df36dc80f 23f2edff3ede90259a9e30f40af8f912a5e5b3694e6938440341f6060e014ffa C=US, O=DigiCert Inc, OU=www.digicert.com, CN=DigiCert Assured ID Root CA
xxx rsa-2048 cec34ab99955f2b8db60bfa97ebd56b59736a7d6 f1c6ba670cfc88e4df52973cae420f0a089dd474144fe5806c420064e1591229 C=US, O=DigiCert Inc, OU=www.digicert.com, CN=DigiCert Assured ID Root G2
xxx ec-secp384r1 cbd0bda9e1980551a14d37a28379ce8d1d2ae484 15eed339594b304f8cf847b477371d8d6fec61f4db2b01af589e7c53b35cae4c C=US, O=DigiCert Inc, OU=www.digicert.com, CN=DigiCert Assured ID Root G3
xx- rsa-2048 03de503556d14cbb66f0a3e21b1bc397b23dd155 aff988906dde12955d9bebbf928fdcc31cce328d5b9384f21c8941ca26e20391 C=US, O=DigiCert Inc, OU=www.digicert.com, CN=DigiCert Global Root CA
xxx rsa-2048 4e2254201895e6e36ee60ffafab912ed06178f39 8bb593a93be1d0e8a822bb887c547890c3e706aad2dab76254f97fb36b82fc26 C=US, O=DigiCert Inc, OU=www.digicert.com, CN=DigiCert Global Root G2
xxx ec-secp384r1 b3db48a4f9a1c5d8ae3641cc1163696229bc4bc6 b94c198300cec5c057ad0727b70bbe91816992256439a7b32f4598119dda9c97 C=US, O=DigiCert Inc, OU=www.digicert.com, CN=DigiCert Global Root G3
xx- rsa-2048 b13ec36903f8bf4701d498261a0802ef63642bc3 5a889647220e54d6bd8a16817224520bb5c78e58984bd570506388b9de0f075f C=US, O=DigiCert Inc, OU=www.digicert.com, CN=DigiCert High Assurance EV Root CA
xxx rsa-4096 ecd7e382d2715d644cdf2e673fe7ba98ae1c0f4f 59df317bfa9f4f0ab7ca514d7772296aa2c765b87664d08b96e57399e364729c C=US, O=DigiCert Inc, OU=www.digicert.com, CN=DigiCert Trusted Root G4
xxx ec-secp384r1 c151455059ab3ee72c5afa2022120780887c116a a02fafa192c8cb81cb1341554f9c05b71cca2a890b0d1298d683647c961efbdf C=US, O=DigiCert\, Inc., CN=DigiCert TLS ECC P384 Root G5
xxx rsa-4096 51331ced3640af17d325cd6968f2af4e233eb341 6a97b51c8219e93e5dec64bad5806cdeb0f8355be47e757010b702456e01aafd C=US, O=DigiCert\, Inc., CN=DigiCert TLS RSA4096 Root G5
xx- rsa-2048 6a72267ad01eef7de73b6951d46c8d9f901266ab 76ee8590374c715437bbca6bba6028eadde2dc6dbbb8c3f610e851f11d1ab7f5 C=US, O=Entrust\, Inc., OU=See www.entrust.net/legal-terms, OU=(c) 2009 Entrust\, Inc. - for authorized use only, CN=Entrust Root Certification Authority - G2
xx- ec-secp384r1 b763e71add8de908a65583a4e06a504165114249 fea2b7d645fba73d753c1ec9a7870c40e1f7b0c561e927b985bf711866e36f22 C=US, O=Entrust\, Inc., OU=See www.entrust.net/legal-terms, OU=(c) 2012 Entrust\, Inc. - for authorized use only, CN=Entrust Root Certification Authority - EC1
xx- rsa-4096 9f38c45623c339e8a0716ce8544ce4e83ab1bf67 36d7c79f3d089a0ff79972d90923dea5ca76b4ccbaf7c2751cb152e9494f52d0 C=US, O=Entrust\, Inc., OU=See www.entrust.net/legal-terms, OU=(c) 2015 Entrust\, Inc. - for authorized use only, CN=Entrust Root Certification Authority - G4
xx- rsa-2048 6890e467a4a65380c78666a4f1f74b43fb84bd6d 6dbfae00d37b9cd73f8fb47de65917af00e0dddf42dbceac20c17c0275ee2095 C=US, O=Entrust\, Inc., OU=www.entrust.net/CPS is incorporated by reference, OU=(c) 2006 Entrust\, Inc., CN=Entrust Root Certification Authority
xxx rsa-4096 e4af2b26711a2b4827852f52662ceff08913713e 871a9194f4eed5b312ff40c84c1d524aed2f778bbff25f138cf81f680a7adc67 C=US, O=Google Trust Services LLC, CN=GTS Root R1
xx- rsa-4096 bbffca8e239f4f99cadbe268a6a51527171ed90e 55f77de41c03792428f8d518c55104225be43a5598d926a528ad653e1ccec7bf C=US, O=Google Trust Services LLC, CN=GTS Root R2
xxx ec-secp384r1 c1f126baa02dae8581cfd3f12a12bdb80a67fdbc 4179edd981ef747477b49626408af43daa2ca7ab7f9e082c1060f84096774348 C=US, O=Google Trust Services LLC, CN=GTS Root R3
xxx ec-secp384r1 804cd6eb74ff4936a3d5d8fcb53ec56af0941d8c 9847e5653e5e9e847516e5cb818606aa7544a19be67fd7366d506988e8d84347 C=US, O=Google Trust Services LLC, CN=GTS Root R4
xxx rsa-4096 ed4419c0d3f0068beea47bbe42e72654c88e3676 07e854f26a7cbd389927aa041bfef1b6cd21dd143818ad947dc655a9e587fe88 C=US, O=IdenTrust, CN=IdenTrust Commercial Root CA 1
xxx rsa-4096 e371e09ed8a742d9db71916b9493ebc3a3d114a3 58dd61feb36ea7d258724371709149cb121337864cacb2d0999ad20739d06477 C=US, O=IdenTrust, CN=IdenTrust Public Sector Root CA 1
xxx rsa-4096 79b459e67bb6e5e40173800888c81a58f6e99b6e 0b9fa5a59eed715c26c1020c711b4f6ec42d58b0015e14337a39dad301c5afc3 C=US, O=Internet Security Research Group, CN=ISRG Root X1
xxx ec-secp384r1 7c4296aede4b483bfa92f89e8ccf6d8ba9723795 762195c225586ee6c0237456e2107dc54f1efc21f61a792ebd515913cce68332 C=US, O=Internet Security Research Group, CN=ISRG Root X2
xxx ec-secp384r1 c8cb997270520cf8e6beb20457292acf4210ed35 35f53ce1264611e03340fe37e1ec7d4cc986c5613dca70fd04aa44545f2daf28 C=US, O=Microsoft Corporation, CN=Microsoft ECC Root Certificate Authority 2017
xxx rsa-4096 09cb597f86b2708f1ac339e3c0d9e9bfbb4db223 b2f7298b52bf2c3cac4ddfe72de4d682ac58957595982f2b62301af597c699c5 C=US, O=Microsoft Corporation, CN=Microsoft RSA Root Certificate Authority 2017
-xx ec-secp384r1 898f2fa3e82ba014547bf356b8265f67380b9cd0 1bf00d5c8f13c094dd17e00504cf0888850f12fd067fa1f92c0fdbf60b86e321 C=US, O=SSL Corporation, CN=SSL.com TLS ECC Root CA 2022
-xx rsa-4096 fb2e37eee3847a272ecd1935b1337cffd44442b9 2bcf553a66f570900ddd32ba6dfe1ecc06c9182d662dc1b60e1f7b767c2bdd54 C=US, O=SSL Corporation, CN=SSL.com TLS RSA Root CA 2022
xx- rsa-2048 af4404c2417e4883db4e3902ecec847ae6cec9a4 2596904dc4d699ae20c2cef4dce47f285937d77464ac370746f52dea76ba0c28 C=US, O=SecureTrust Corporation, CN=Secure Global CA
xx- rsa-2048 4232b616fa04fdfe5d4b7ac3fdf74c401d5a43af 77290717614b25f12964ebdb38b5f83caadc0f6c36b0777f880fc6dee1d339cc C=US, O=SecureTrust Corporation, CN=SecureTrust CA
xxx rsa-2048 bf5fb7d1cedd1f86f45b55acdcd710c20ea988e7 15f14ac45c9c7da233d3479164e8137fe35ee0f38ae858183f08410ea82ac4b4 C=US, O=Starfield Technologies\, Inc., OU=Starfield Class 2 Certification Authority
xx- rsa-2048 d2c4b0d291d44c1171b361cb3da1fedda86ad4e3 5632d97bfa775bf3c99ddea52fc2553410864016729c52dd6524c8a9c3b4489f C=US, O=The Go Daddy Group\, Inc., OU=Go Daddy Class 2 Certification Authority
xxx ec-secp384r1 fb5a48d0802040f2a8e90007691977a7e6c3f4cf eabc185c4e82d942b1a5978ba3c0181487d6b3b9974e5c49f72f6d0bd9637150 C=US, OU=emSign PKI, O=eMudhra Inc, CN=emSign ECC Root CA - C3
xxx rsa-2048 fea1e0701e2a0339525a42be5c91857a18aa4db5 b7408b4d2be0238ba37004dd34e276c6019bd2f24c9db7d4980f5f6c359a4bcc C=US, OU=emSign PKI, O=eMudhra Inc, CN=emSign Root CA - C1
xx- rsa-2048 c64fa23d066384099cce62e404ac8d5cb5e9b61b 051cf9fa95e40e9b83edaeda6961f6168c7879c4660172479cdd51ab03cea62b C=US, OU=www.xrampsecurity.com, O=XRamp Security Services Inc, CN=XRamp Global Certification Authority
xxx rsa-2048 3a9a8507106728b6eff6bd05416e20c194da0fde 2a8f2d8af0eb123898f74c866ac3fa669054e23c17bc7a95bd0234192dc635d0 C=US, ST=Arizona, L=Scottsdale, O=GoDaddy.com\, Inc., CN=Go Daddy Root Certificate Authority - G2
xxx rsa-2048 7c0c321fa7d9307fc47d68a362a8a1ceab075b27 808d68b3fab4884a5f971ace7d10550d7a95a163774f3ec36afffb213fbe4c74 C=US, ST=Arizona, L=Scottsdale, O=Starfield Technologies\, Inc., CN=Starfield Root Certificate Authority - G2
xxx rsa-2048 9c5f00dfaa01d7302b3888a2b86d4a9cf2119183 2b071c59a0a0ae76b0eadb2bad23bad4580b69c3601b630c2eaf0613afa83f92 C=US, ST=Arizona, L=Scottsdale, O=Starfield Technologies\, Inc., CN=Starfield Services Root Certificate Authority - G2
xx- rsa-4096 99e019670d62db76b3da3db85be8fd42d2310e87 2e06cae1fc20b200e6fb748557a4444bec9317dfff2e4151669e0f7944f0a9e0 C=US, ST=Illinois, L=Chicago, O=Trustwave Holdings\, Inc., CN=Trustwave Global Certification Authority
xx- ec-prime256v1 a34106ac906dd14aeb75a54a1099b3b1a18b4af7 497128fc90656b87290482b223efb72240fe9c421e79938de5f8110cb0be9056 C=US, ST=Illinois, L=Chicago, O=Trustwave Holdings\, Inc., CN=Trustwave Global ECC P256 Certification Authority
xx- ec-secp384r1 55a98489d2c132bd18cb6ca6074ec8e79dbe8290 828b0eeff24654e8ff5841a29dd5d4e3ed30952ca43425a79283407208d39d16 C=US, ST=Illinois, L=Chicago, O=Trustwave Holdings\, Inc., CN=Trustwave Global ECC P384 Certification Authority
xxx ec-secp384r1 3ae10986d4cf19c29676744976dce035c663639a 2021917e98263945c859c43f1d73cb4139053c414fa03ca3bc7ee88614298f3b C=US, ST=New Jersey, L=Jersey City, O=The USERTRUST Network, CN=USERTrust ECC Certification Authority
xxx rsa-4096 5379bf5aaa2b4acf5480e1d89bc09df2b20366cb c784333d20bcd742b9fdc3236f4e509b8937070e73067e254dd3bf9c45bf4dde C=US, ST=New Jersey, L=Jersey City, O=The USERTRUST Network, CN=USERTrust RSA Certification Authority
xxx ec-secp384r1 5bca5ee5ded281aacda82d6451b6d9729b97e64f 348767cdad3bdd28b2b8dd5351aec30c68cec5cd69d276df3827dbc4f5806464 C=US, ST=Texas, L=Houston, O=SSL Corporation, CN=SSL.com EV Root Certification Authority ECC
xxx rsa-4096 f960bbd4e3d534f6b8f5068025a773db4669a89e 7cd67c248f69d83fc2f9bb01dcb1f7ad67a363d046043796d0984c3a231f6bb0 C=US, ST=Texas, L=Houston, O=SSL Corporation, CN=SSL.com EV Root Certification Authority RSA R2
xxx ec-secp384r1 82d1857330e73504d38e0292fbe5a4d1c421e8cd a320f4d534d7be97c1ae8dd0499735bc895c323add2d388bfccf662c23d7f99a C=US, ST=Texas, L=Houston, O=SSL Corporation, CN=SSL.com Root Certification Authority ECC
xxx rsa-4096 dd040907a2f57a7d5253129295ee3880250da659 d1c45377ebdcd618cd1651dc2e02c21d751e5aa9fcd1b3431ff6ecf6a31348fa C=US, ST=Texas, L=Houston, O=SSL Corporation, CN=SSL.com Root Certification Authority RSA
xxx rsa-4096 d287b4e3df37279355f656ea81e536cc8c1e3fbd 05570ae6eb0fceb4210e6db79486b7094caf200401e149b6677441b5f25e449b CN=ACCVRAIZ1, OU=PKIACCV, O=ACCV, C=ES
xx- rsa-2048 a7a506b12ca60960eed197e970aebc3b196cdb21 e5ca37bc7b6c361979bc6b123ca9a1db019046d7ff5f57dfb854b19d10b0682f CN=Atos TrustedRoot 2011, O=Atos, C=DE
-xx ec-secp384r1 762825d67de0669a7a09b26a3b8e33d736d34fa2 608963c78c455e6e34b072468ace0956cff18d34643f9f305b7162fa181979fc CN=Atos TrustedRoot Root CA ECC TLS 2021, O=Atos, C=DE
-xx rsa-4096 744999d1ffb47a684575c37eb4dcccce3933da08 f7ca77a610e3d42447240692dbd57cfd13cf042acd2062e6a62b87b9ed81c1a7 CN=Atos TrustedRoot Root CA RSA TLS 2021, O=Atos, C=DE
xx- rsa-2048 55e481d11180bed889b908a331f9a1240916b970 1ea3c5e43ed66c2da2983a42a4a79b1e906786ce9f1b58621419a00463a87d38 O=Entrust.net, OU=www.entrust.net/CPS_2048 incorp. by ref. (limits liab.), OU=(c) 1999 Entrust.net Limited, CN=Entrust.net Certification Authority (2048)
xx- rsa-4096 f08f593800b3f58f9a960cd5ebfa7baa17e81312 10ba3485ca8bb6880ab9531a4063e4001555561c7f2e055165f49b2d74fc5f6b O=TeliaSonera, CN=TeliaSonera Root CA v1
xxx ec-prime256v1 54b07bad45b8e2407ffb0a6efbbe33c93ca384d5 08b3a6335fce5ef48f8f0e543986c07fd18a3b1226129f61864bbd5bdd1f1cc9 OU=GlobalSign ECC Root CA - R4, O=GlobalSign, CN=GlobalSign
xxx ec-secp384r1 3de629489bea07ca21444a26de6eded283d09f59 7e0ead76bb6819dc2f54511a84354f6e8b307b9dd82058ea6c004f01d9dda5df OU=GlobalSign ECC Root CA - R5, O=GlobalSign, CN=GlobalSign
xxx rsa-2048 8ff04b7fa82e4524ae4d50fa639a8bdee2dd1bbc 706bb1017c855c59169bad5c1781cf597f12d2cad2f63d1a4aa37493800ffb80 OU=GlobalSign Root CA - R3, O=GlobalSign, CN=GlobalSign
xxx rsa-4096 ae6c05a39313e2a2e7e2d71cd6c7f07fc86753a0 682747f8ba621b87cdd3bc295ed5cabce722a1c0c0363d1d68b38928d2787f1e OU=GlobalSign Root CA - R6, O=GlobalSign, CN=GlobalSign
xxx rsa-4096 9c5fd06c63a35f93ca939808ad8c87a52c5cc137 9a52ff6a3cb6e353a08567e0dc9c395b300d60a22292ab8c18c1656b2983ae90 serialNumber=G63287510, C=ES, O=ANF Autoridad de Certificacion, OU=ANF CA Raiz, CN=ANF Secure Server Root CA
`;
